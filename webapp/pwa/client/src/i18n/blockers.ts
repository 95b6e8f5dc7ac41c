/** Loaded with the phone's home, with the list of notices and with the desk: what a report waits for. */
import { addTexts } from ".";
import en from "./en/blockers";
import zh from "./zh/blockers";

addTexts(zh, en);
