/** Import this file where the desk begins: it adds the desk's texts to the catalogue. */
import { addTexts } from ".";
import en from "./en/desk";
import enEstate from "./en/desk_estate";
import zh from "./zh/desk";
import zhEstate from "./zh/desk_estate";

addTexts({ ...zh, ...zhEstate }, { ...en, ...enEstate });
