// A panel as a picture: its canvases and every text of its body as the page shows them, on the paper of the page.

const SCALE = 2;

function eachText(root: HTMLElement, visit: (text: Text, style: CSSStyleDeclaration) => void): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = node.parentElement;
    if (holder === null || !node.textContent?.trim() || holder.closest(".tools, button")) continue;
    visit(node as Text, getComputedStyle(holder));
  }
}

/** The pieces of a text that stand on one line each. */
function lines(text: Text): [string, DOMRect][] {
  const range = document.createRange();
  const found: [string, DOMRect][] = [];
  const content = text.data;
  for (let i = 0; i < content.length; i += 1) {
    range.setStart(text, i);
    range.setEnd(text, i + 1);
    const box = range.getBoundingClientRect();
    if (box.width === 0 && !content[i].trim()) continue;
    const last = found[found.length - 1];
    if (last && Math.abs(last[1].top - box.top) < 2) found[found.length - 1] = [last[0] + content[i], new DOMRect(last[1].left, last[1].top, box.right - last[1].left, last[1].height)];
    else found.push([content[i], box]);
  }
  return found;
}

/** Draws a panel as it stands on the page. */
export function pictureOf(root: HTMLElement): HTMLCanvasElement {
  const frame = root.getBoundingClientRect();
  const sheet = document.createElement("canvas");
  sheet.width = Math.ceil(frame.width * SCALE);
  sheet.height = Math.ceil(frame.height * SCALE);
  const pen = sheet.getContext("2d")!;
  pen.scale(SCALE, SCALE);
  pen.translate(-frame.left, -frame.top);
  pen.fillStyle = getComputedStyle(root).backgroundColor;
  pen.fillRect(frame.left, frame.top, frame.width, frame.height);
  for (const cell of root.querySelectorAll<HTMLElement>("td, th")) {
    const style = getComputedStyle(cell);
    if (parseFloat(style.borderBottomWidth) === 0) continue;
    const box = cell.getBoundingClientRect();
    pen.fillStyle = style.borderBottomColor;
    pen.fillRect(box.left, box.bottom - 1, box.width, 1);
  }
  for (const canvas of root.querySelectorAll("canvas")) {
    const box = canvas.getBoundingClientRect();
    if (canvas.width > 0 && canvas.height > 0) pen.drawImage(canvas, box.left, box.top, box.width, box.height);
  }
  eachText(root, (text, style) => {
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    pen.fillStyle = style.color;
    pen.textBaseline = "middle";
    for (const [line, box] of lines(text)) pen.fillText(line.trimEnd(), box.left, box.top + box.height / 2 + 0.5);
  });
  return sheet;
}
