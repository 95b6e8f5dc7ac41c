/** Loaded with what a link in a mail opens: the phone and the desk never ask for these texts. */
import { addTexts } from ".";
import en from "./en/link";
import zh from "./zh/link";

addTexts(zh, en);
