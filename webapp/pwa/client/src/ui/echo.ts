/**
 * The second tap of a double one is meant for what has just gone: it does nothing to what stands in its
 * place. A mouse counts its clicks itself; a finger's echo is known by its place. Keys have no echo.
 */
const ECHO_MS = 400;
const NEAR_PX = 32;

interface Press {
  x: number;
  y: number;
  mouse: boolean;
}
let pressed: Press = { x: 0, y: 0, mouse: true };
let turned = { at: -Infinity, ...pressed };

/** To be called when a sheet, a photo or a form gives way to another under the pointer. */
export function screenTurned(): void {
  turned = { ...pressed, at: performance.now() };
}

/** Whether a click after the screen's turn is the echo of the press that turned it. */
export function isEcho(click: Pick<MouseEvent, "detail" | "clientX" | "clientY">, now = performance.now()): boolean {
  if (click.detail === 0 || now - turned.at > ECHO_MS) return false;
  const near = Math.hypot(click.clientX - turned.x, click.clientY - turned.y) < NEAR_PX;
  return pressed.mouse ? click.detail > 1 : near;
}

export function press({ clientX, clientY, pointerType }: Pick<PointerEvent, "clientX" | "clientY" | "pointerType">): void {
  pressed = { x: clientX, y: clientY, mouse: pointerType === "mouse" };
}

/** Before anything else hears of them, for as long as the app stands. */
export function silenceEchoes(): void {
  addEventListener("pointerdown", press, true);
  addEventListener(
    "click",
    (click) => {
      if (!isEcho(click)) return;
      click.preventDefault();
      click.stopImmediatePropagation();
    },
    true,
  );
}
