/** Loaded with the first of the desk's screens (`routes.ts`): adds their texts to the catalogue. */
import { addTexts } from ".";
import en from "./en/desk";
import enEstate from "./en/desk_estate";
import enSync from "./en/desk_sync";
import zh from "./zh/desk";
import zhEstate from "./zh/desk_estate";
import zhSync from "./zh/desk_sync";

addTexts({ ...zh, ...zhEstate, ...zhSync }, { ...en, ...enEstate, ...enSync });
