/**
 * Pinch, wheel, double tap and drag over one picture; the scale stays between 1 and 6. A finger that
 * draws the whole picture aside swipes to the next, where there is one to go to.
 */
const MOST = 6;
const DOUBLE_TAP_MS = 300;
const TAP_TREMBLES_PX = 10;
const SWIPE_PX = 56;

export class ZoomPan {
  scale = $state(1);
  x = $state(0);
  y = $state(0);
  /** Whether a finger is drawing: what follows it then is not to be animated. */
  held = $state(false);
  /** Told once a finger has drawn the picture aside: 1 for the next, -1 for the one before. */
  onswipe: ((by: 1 | -1) => void) | null = null;
  #points = new Map<number, { x: number; y: number }>();
  #lastTap = 0;
  #from = { x: 0, y: 0 };
  /** More than one finger was down: what is left of a pinch is no swipe. */
  #pinched = false;

  reset(): void {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.held = false;
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
    on("pointerup", (event) => this.#up(event, true));
    on("pointercancel", (event) => this.#up(event, false));
    on("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY / 300), fromMiddle(element, event));
    });
    return () => control.abort();
  };

  #down(element: HTMLElement, event: PointerEvent): void {
    element.setPointerCapture(event.pointerId);
    this.#points.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.held = true;
    this.#pinched = this.#points.size > 1;
    this.#from = { x: event.clientX, y: event.clientY };
    const double = this.#points.size === 1 && event.timeStamp - this.#lastTap < DOUBLE_TAP_MS;
    this.#lastTap = double ? 0 : event.timeStamp;
    if (double) this.toggle();
  }

  #move(element: HTMLElement, event: PointerEvent): void {
    const before = this.#points.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    // What moves is no tap: two quick swipes are not a double one.
    if (distance(now, this.#from) > TAP_TREMBLES_PX) this.#lastTap = 0;
    const other = [...this.#points].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      this.zoomBy(factor, fromMiddle(element, event));
    } else if (this.scale > 1) {
      this.x += now.x - before.x;
      this.y += now.y - before.y;
    } else if (this.#swipes(event)) {
      this.x = now.x - this.#from.x;
    }
    this.#points.set(event.pointerId, now);
  }

  #up(event: PointerEvent, meant: boolean): void {
    if (!this.#points.delete(event.pointerId)) return;
    if (this.#points.size > 0) return;
    const aside = this.scale === 1 && this.#swipes(event) ? event.clientX - this.#from.x : 0;
    const along = event.clientY - this.#from.y;
    const swiped = meant && Math.abs(aside) > SWIPE_PX && Math.abs(aside) > 2 * Math.abs(along);
    if (this.scale === 1) this.x = 0;
    // The next picture is there at once; only one that was let go glides back.
    if (swiped) requestAnimationFrame(() => (this.held = false));
    else this.held = false;
    if (swiped) this.onswipe?.(aside < 0 ? 1 : -1);
  }

  #swipes(event: PointerEvent): boolean {
    return this.onswipe !== null && event.pointerType === "touch" && !this.#pinched;
  }
}

function distance(one: { x: number; y: number }, other: { x: number; y: number }): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function fromMiddle(element: HTMLElement, event: MouseEvent): { x: number; y: number } {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
}
