/** Reading labels, as the screens use it; see README.md in this folder. */
export { CameraError, startScanner, type Scanner, type ScannerOptions } from "./scanner";
export { decodePhoto, warmUp } from "./decode";
