/** A chart as a file: the SVG as it stands, in daylight colours, or drawn at twice its size as PNG. */

/** What the styles say of a shape or a text, and a file must say itself. */
const SAID = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "dominant-baseline",
];
const MARGIN = 16;
const TITLE = 28;
const SHARPER = 2;
const SVG = "http://www.w3.org/2000/svg";

interface Standalone {
  text: string;
  width: number;
  height: number;
}

/** The chart as a file of its own: title above it, paper behind it, every colour written out. */
export function standalone(svg: SVGSVGElement, title: string): Standalone {
  const { width, height } = svg.getBoundingClientRect();
  const whole = { width: width + 2 * MARGIN, height: height + 2 * MARGIN + TITLE };
  const out = document.createElementNS(SVG, "svg");
  out.setAttribute("xmlns", SVG);
  for (const [name, value] of Object.entries(whole)) out.setAttribute(name, String(value));
  out.setAttribute("viewBox", `0 0 ${whole.width} ${whole.height}`);
  out.setAttribute("role", "img");
  inDaylight(() => {
    const ink = getComputedStyle(svg);
    add(out, "rect", { width: "100%", height: "100%", fill: "#ffffff" });
    const head = add(out, "text", { x: String(MARGIN), y: String(MARGIN + 14), "font-size": "16", "font-weight": "600" });
    head.setAttribute("font-family", ink.fontFamily);
    head.setAttribute("fill", ink.color);
    head.textContent = title;
    const body = add(out, "g", { transform: `translate(${MARGIN} ${MARGIN + TITLE})` });
    for (const child of svg.children) body.append(said(child));
  });
  return { text: new XMLSerializer().serializeToString(out), ...whole };
}

/** A copy of an element whose look stands in attributes; what only helps the screen is left out. */
function said(from: Element): Element {
  const copy = from.cloneNode(false) as Element;
  copy.removeAttribute("class");
  if (!from.closest("defs") || from.closest("pattern")) {
    const look = getComputedStyle(from);
    for (const name of SAID) {
      const value = look.getPropertyValue(name);
      if (value) copy.setAttribute(name, value);
    }
  }
  for (const child of from.childNodes) {
    if (child instanceof Element) {
      if (!child.hasAttribute("data-screen")) copy.append(said(child));
    } else copy.append(child.cloneNode());
  }
  return copy;
}

function add(to: Element, name: string, attributes: Record<string, string>): Element {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  to.append(element);
  return element;
}

/** What is read of the styles meanwhile is the light theme's; nothing is painted in between. */
function inDaylight(read: () => void): void {
  const root = document.documentElement;
  const theme = root.dataset.theme;
  root.dataset.theme = "light";
  try {
    read();
  } finally {
    if (theme === undefined) delete root.dataset.theme;
    else root.dataset.theme = theme;
  }
}

export async function saveChart(svg: SVGSVGElement, title: string, kind: "svg" | "png", name: string): Promise<void> {
  const chart = standalone(svg, title);
  const drawn = new Blob([chart.text], { type: "image/svg+xml" });
  const blob = kind === "svg" ? drawn : await asPng(drawn, chart);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function asPng(drawn: Blob, { width, height }: Standalone): Promise<Blob> {
  const url = URL.createObjectURL(drawn);
  try {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = document.createElement("canvas");
    canvas.width = width * SHARPER;
    canvas.height = height * SHARPER;
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png");
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}
