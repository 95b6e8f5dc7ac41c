/** Loaded with the screen on which a person chooses how he is told, at the desk and on the phone. */
import { addTexts } from ".";
import en from "./en/notices";
import zh from "./zh/notices";

addTexts(zh, en);
