/** Loaded with the list of notices, and with the desk: what a notice says, and what a report waits for. */
import { addTexts } from ".";
import en from "./en/told";
import zh from "./zh/told";

addTexts(zh, en);
