/** Loaded with the first of the desk's screens (`routes.ts`): adds their texts to the catalogue. */
import { addTexts } from ".";
import en from "./en/desk";
import enEstate from "./en/desk_estate";
import zh from "./zh/desk";
import zhEstate from "./zh/desk_estate";

addTexts({ ...zh, ...zhEstate }, { ...en, ...enEstate });
