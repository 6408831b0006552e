// Places labels beside their points, or along their lines, so that none covers another.

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** The line that it is a part of: the name of that line may stand on it. */
  owner?: unknown;
}

const PLACES: [number, number][] = [
  [1, 0], [-1, 0], [1, -1], [0, -1.4], [1, 1], [0, 1.4], [-1, -1], [-1, 1],
];
// Where along a line its name is tried, as shares of its length around the place wished for
const AWAY = [0, 0.06, -0.06, 0.12, -0.12, 0.18, -0.18, 0.26, -0.26, 0.34, -0.34, 0.42, -0.42, 0.5, -0.5];

/** The point at a length along a polyline. */
function pointAt(points: [number, number][], lengths: number[], at: number): [number, number] {
  let i = lengths.findIndex((one) => one >= at);
  if (i < 0) i = lengths.length - 1;
  if (i === 0) return points[0];
  const share = (at - lengths[i - 1]) / Math.max(lengths[i] - lengths[i - 1], 1e-9);
  return [points[i - 1][0] + share * (points[i][0] - points[i - 1][0]), points[i - 1][1] + share * (points[i][1] - points[i - 1][1])];
}

/** Whether a polyline comes into a box. */
export function enters(points: [number, number][], box: Box): boolean {
  return points.some(([x, y], i) => {
    const [fromX, fromY] = points[Math.max(i - 1, 0)];
    const steps = Math.min(Math.max(Math.ceil(Math.hypot(x - fromX, y - fromY) / 3), 1), 1000);
    for (let step = 1; step <= steps; step += 1) {
      const [px, py] = [fromX + ((x - fromX) * step) / steps, fromY + ((y - fromY) * step) / steps];
      if (px > box.left && px < box.right && py > box.top && py < box.bottom) return true;
    }
    return false;
  });
}

export class Labels {
  private taken: Box[] = [];
  /** What is written already: no line to a point may strike it through. */
  private written: Box[] = [];
  /** Of a trial nothing is drawn. */
  private quiet = false;
  private readonly pen: CanvasRenderingContext2D;
  private readonly bounds: Box;

  constructor(pen: CanvasRenderingContext2D, bounds: Box) {
    this.pen = pen;
    this.bounds = bounds;
  }

  /** A copy that finds places and draws nothing. */
  trial(): Labels {
    const copy = new Labels(this.pen, this.bounds);
    copy.taken = [...this.taken];
    copy.written = [...this.written];
    copy.quiet = true;
    return copy;
  }

  avoid(box: Box): void {
    this.taken.push(box);
  }

  avoidLine(points: [number, number][], every = 6, owner?: unknown): void {
    let last: [number, number] | null = null;
    for (const [x, y] of points) {
      const steps = last === null ? 1 : Math.max(Math.floor(Math.hypot(x - last[0], y - last[1]) / every), 0);
      if (steps === 0) continue;
      // A long straight piece is as much in the way as many short ones
      for (let step = 1; step <= Math.min(steps, 400); step += 1) {
        const [px, py] = last === null ? [x, y] : [last[0] + ((x - last[0]) * step) / steps, last[1] + ((y - last[1]) * step) / steps];
        this.taken.push({ left: px - 2, top: py - 2, right: px + 2, bottom: py + 2, owner });
      }
      last = [x, y];
    }
  }

  /** Whether a box is free; `over` lets it lie on lines, whose owners are known, but on nothing else. */
  private free(box: Box, owner?: unknown, over = false): boolean {
    const { left, top, right, bottom } = this.bounds;
    if (box.left < left || box.top < top || box.right > right || box.bottom > bottom) return false;
    return this.taken.every(
      (one) => (one.owner !== undefined && (over || one.owner === owner)) || box.right <= one.left || box.left >= one.right || box.bottom <= one.top || box.top >= one.bottom,
    );
  }

  /** Whether a line would run through something written. */
  private strikes(from: [number, number], to: [number, number]): boolean {
    return this.written.some((one) => enters([from, to], one));
  }

  private write(text: string, x: number, y: number, colour: string, paper: string, align: CanvasTextAlign, halo = 4): void {
    this.pen.textBaseline = "middle";
    this.pen.textAlign = align;
    this.pen.lineWidth = halo;
    this.pen.lineJoin = "round";
    this.pen.strokeStyle = paper;
    this.pen.strokeText(text, x, y);
    this.pen.fillStyle = colour;
    this.pen.fillText(text, x, y);
  }

  /** Writes the name of a line on the line itself, turned along it; returns false where no piece of it is free and straight. */
  placeAlong(text: string, points: [number, number][], colour: string, paper: string, owner: unknown, wished = 0.5, over = false, size = 11): boolean {
    if (points.length < 2) return false;
    const width = this.pen.measureText(text).width + 6;
    const lengths = [0];
    for (let i = 1; i < points.length; i += 1) lengths.push(lengths[i - 1] + Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]));
    const total = lengths[lengths.length - 1];
    for (const away of AWAY) {
      const at = (wished + away) * total;
      if (at < width / 2 || at > total - width / 2) continue;
      const [a, b, middle] = [at - width / 2, at + width / 2, at].map((one) => pointAt(points, lengths, one));
      const [cx, cy] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
      const chord = Math.hypot(b[0] - a[0], b[1] - a[1]);
      if (chord < 0.93 * width || Math.hypot(middle[0] - cx, middle[1] - cy) > 5) continue;
      const [ux, uy] = [(b[0] - a[0]) / chord, (b[1] - a[1]) / chord];
      const boxes: Box[] = [];
      for (let s = -width / 2; s <= width / 2; s += 5) {
        const [x, y] = [cx + ux * s, cy + uy * s];
        boxes.push({ left: x - size * 0.55, right: x + size * 0.55, top: y - size * 0.55, bottom: y + size * 0.55 });
      }
      if (!boxes.every((one) => this.free(one, owner, over))) continue;
      this.taken.push(...boxes);
      this.written.push(...boxes);
      this.pen.save();
      this.pen.translate(cx, cy);
      let angle = Math.atan2(uy, ux);
      if (angle > Math.PI / 2 || angle <= -Math.PI / 2) angle += Math.PI;
      this.pen.rotate(angle);
      // Wide enough that no dash of the line shows between two words
      this.write(text, 0, 0, colour, paper, "center", 7);
      this.pen.restore();
      return true;
    }
    return false;
  }

  /** Writes a label near a point; returns false where there is no room at any side. */
  place(text: string, x: number, y: number, colour: string, paper: string, over = false, size = 11, gap = 7): boolean {
    const width = this.pen.measureText(text).width;
    for (const reach of [1, 1.8, 2.8]) {
      for (const [dx, dy] of PLACES) {
        const left = x + dx * gap * reach - (dx < 0 ? width : dx === 0 ? width / 2 : 0);
        const middle = y + dy * (size * 0.75 + 3) * reach;
        const box = { left: left - 2, top: middle - size * 0.62, right: left + width + 2, bottom: middle + size * 0.62 };
        if (!this.free(box, undefined, over)) continue;
        const end: [number, number] = [Math.min(Math.max(x, box.left), box.right), middle > y ? box.top : middle < y ? box.bottom : middle];
        if (reach > 1 && this.strikes([x, y], end)) continue;
        this.taken.push(box);
        this.written.push(box);
        if (reach > 1) this.avoidLine([[x, y], end]);
        if (this.quiet) return true;
        this.pen.save();
        if (reach > 1) {
          // A label that had to move away keeps a line to its point
          this.pen.strokeStyle = colour;
          this.pen.globalAlpha = 0.5;
          this.pen.lineWidth = 0.8;
          this.pen.beginPath();
          this.pen.moveTo(x, y);
          this.pen.lineTo(...end);
          this.pen.stroke();
          this.pen.globalAlpha = 1;
        }
        this.write(text, left, middle, colour, paper, "left");
        this.pen.restore();
        return true;
      }
    }
    return false;
  }
}
