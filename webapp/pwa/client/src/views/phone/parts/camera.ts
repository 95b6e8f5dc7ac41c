/** The camera for photos: the rear one, as sharp as it is, and one still picture of it. */

export type CameraProblem = "refused" | "missing" | "insecure";

export interface Camera {
  /** Null where the camera has no lamp. */
  torch: ((on: boolean) => Promise<void>) | null;
  shoot(): Promise<Blob>;
  stop(): void;
}

const WANTED: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: "environment", width: { ideal: 2560 }, height: { ideal: 1920 } },
};

/** @throws CameraProblem, as a string */
export async function openCamera(video: HTMLVideoElement): Promise<Camera> {
  if (!isSecureContext || !navigator.mediaDevices) throw "insecure" satisfies CameraProblem;
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia(WANTED);
  } catch (error) {
    const denied = (error as DOMException).name === "NotAllowedError";
    throw (denied ? "refused" : "missing") satisfies CameraProblem;
  }
  video.srcObject = stream;
  await video.play();
  const [track] = stream.getVideoTracks();
  return {
    torch: hasTorch(track!) ? (on) => setTorch(track!, on) : null,
    shoot: () => still(video),
    stop: () => {
      stream.getTracks().forEach((one) => one.stop());
      video.srcObject = null;
    },
  };
}

function hasTorch(track: MediaStreamTrack): boolean {
  const able = track.getCapabilities?.() as { torch?: boolean } | undefined;
  return able?.torch === true;
}

function setTorch(track: MediaStreamTrack, on: boolean): Promise<void> {
  return track.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] });
}

function still(video: HTMLVideoElement): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")!.drawImage(video, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("the camera gave no picture"))),
      "image/jpeg",
      0.92,
    );
  });
}
