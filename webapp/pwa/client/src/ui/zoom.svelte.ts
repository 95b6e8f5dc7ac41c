/** Pinch, wheel, double tap and drag over one picture; the scale stays between 1 and 6. */
const MOST = 6;
const DOUBLE_TAP_MS = 300;

export class ZoomPan {
  scale = $state(1);
  x = $state(0);
  y = $state(0);
  #points = new Map<number, { x: number; y: number }>();
  #lastTap = 0;

  reset(): void {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.#points.clear();
  }

  toggle(): void {
    if (this.scale > 1) this.reset();
    else this.zoomBy(2.5);
  }

  /** Scales about a point, given from the middle of the picture. */
  zoomBy(factor: number, at = { x: 0, y: 0 }): void {
    const scale = Math.min(MOST, Math.max(1, this.scale * factor));
    const change = scale / this.scale;
    this.x = scale === 1 ? 0 : at.x - (at.x - this.x) * change;
    this.y = scale === 1 ? 0 : at.y - (at.y - this.y) * change;
    this.scale = scale;
  }

  /** An attachment for the element that holds the picture. */
  attach = (element: HTMLElement): (() => void) => {
    const control = new AbortController();
    const on = <Name extends keyof HTMLElementEventMap>(
      name: Name,
      act: (event: HTMLElementEventMap[Name]) => void,
    ) => element.addEventListener(name, act, { signal: control.signal, passive: false });
    on("pointerdown", (event) => this.#down(element, event));
    on("pointermove", (event) => this.#move(element, event));
    on("pointerup", (event) => this.#points.delete(event.pointerId));
    on("pointercancel", (event) => this.#points.delete(event.pointerId));
    on("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY / 300), fromMiddle(element, event));
    });
    return () => control.abort();
  };

  #down(element: HTMLElement, event: PointerEvent): void {
    element.setPointerCapture(event.pointerId);
    this.#points.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const double = this.#points.size === 1 && event.timeStamp - this.#lastTap < DOUBLE_TAP_MS;
    this.#lastTap = double ? 0 : event.timeStamp;
    if (double) this.toggle();
  }

  #move(element: HTMLElement, event: PointerEvent): void {
    const before = this.#points.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.#points].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      this.zoomBy(factor, fromMiddle(element, event));
    } else if (this.scale > 1) {
      this.x += now.x - before.x;
      this.y += now.y - before.y;
    }
    this.#points.set(event.pointerId, now);
  }
}

function distance(one: { x: number; y: number }, other: { x: number; y: number }): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function fromMiddle(element: HTMLElement, event: MouseEvent): { x: number; y: number } {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
}
