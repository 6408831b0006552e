// Places labels beside their points so that none covers another.

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const PLACES: [number, number][] = [
  [1, 0], [-1, 0], [1, -1], [-1, -1], [1, 1], [-1, 1], [0, -1.4], [0, 1.4],
];

export class Labels {
  private readonly taken: Box[] = [];
  private readonly pen: CanvasRenderingContext2D;
  private readonly bounds: Box;

  constructor(pen: CanvasRenderingContext2D, bounds: Box) {
    this.pen = pen;
    this.bounds = bounds;
  }

  avoid(box: Box): void {
    this.taken.push(box);
  }

  avoidLine(points: [number, number][], every = 6): void {
    let last: [number, number] | null = null;
    for (const [x, y] of points) {
      if (last !== null && Math.hypot(x - last[0], y - last[1]) < every) continue;
      last = [x, y];
      this.taken.push({ left: x - 2, top: y - 2, right: x + 2, bottom: y + 2 });
    }
  }

  private free(box: Box): boolean {
    const { left, top, right, bottom } = this.bounds;
    if (box.left < left || box.top < top || box.right > right || box.bottom > bottom) return false;
    return this.taken.every(
      (one) => box.right <= one.left || box.left >= one.right || box.bottom <= one.top || box.top >= one.bottom,
    );
  }

  /** Writes a label near a point; returns false where there is no room at any side. */
  place(text: string, x: number, y: number, colour: string, paper: string, size = 11, gap = 7): boolean {
    const width = this.pen.measureText(text).width;
    for (const reach of [1, 1.8, 2.8]) {
      for (const [dx, dy] of PLACES) {
        const left = x + dx * gap * reach - (dx < 0 ? width : dx === 0 ? width / 2 : 0);
        const middle = y + dy * (size * 0.75 + 3) * reach;
        const box = { left: left - 2, top: middle - size * 0.62, right: left + width + 2, bottom: middle + size * 0.62 };
        if (!this.free(box)) continue;
        this.taken.push(box);
        this.pen.save();
        if (reach > 1) {
          // A label that had to move away keeps a line to its point
          this.pen.strokeStyle = colour;
          this.pen.globalAlpha = 0.5;
          this.pen.lineWidth = 0.8;
          this.pen.beginPath();
          this.pen.moveTo(x, y);
          this.pen.lineTo(Math.min(Math.max(x, box.left), box.right), middle > y ? box.top : middle < y ? box.bottom : middle);
          this.pen.stroke();
          this.pen.globalAlpha = 1;
        }
        this.pen.textBaseline = "middle";
        this.pen.textAlign = "left";
        this.pen.lineWidth = 3;
        this.pen.lineJoin = "round";
        this.pen.strokeStyle = paper;
        this.pen.strokeText(text, left, middle);
        this.pen.fillStyle = colour;
        this.pen.fillText(text, left, middle);
        this.pen.restore();
        return true;
      }
    }
    return false;
  }
}
