/** Loaded with the list of notices, and with the desk: what a notice says. */
import { addTexts } from ".";
import "./blockers";
import en from "./en/told";
import zh from "./zh/told";

addTexts(zh, en);
