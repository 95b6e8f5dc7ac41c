/** Import this file where the desk begins: it adds the desk's texts to the catalogue. */
import { addTexts } from ".";
import en from "./en/desk";
import zh from "./zh/desk";

addTexts(zh, en);
