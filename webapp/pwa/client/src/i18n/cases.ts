/** Loaded with the phone's first screen of cases: the service desk's words, kept for offline with it. */
import { addTexts } from ".";
import enCases from "./en/desk_cases";
import en from "./en/phone_cases";
import zhCases from "./zh/desk_cases";
import zh from "./zh/phone_cases";

addTexts({ ...zhCases, ...zh }, { ...enCases, ...en });
