/** A hit is felt and heard: the engineer looks at the device, not at the phone. */

let audio: AudioContext | null = null;

/** A short click, higher for what was expected; silence where the browser does not allow it. */
export function click(good: boolean): void {
  try {
    audio ??= new AudioContext();
    const now = audio.currentTime;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = good ? 1760 : 440;
    volume.gain.setValueAtTime(0.18, now);
    volume.gain.exponentialRampToValueAtTime(0.001, now + (good ? 0.06 : 0.18));
    tone.connect(volume).connect(audio.destination);
    tone.start(now);
    tone.stop(now + 0.2);
  } catch {
    // Sound is comfort: the flash and the vibration tell it too.
  }
}

export function buzz(good: boolean): void {
  navigator.vibrate?.(good ? 40 : [60, 60, 60]);
}
