/** Loaded with the first of the desk's screens (`routes.ts`): adds their texts to the catalogue. */
import { addTexts } from ".";
import "./told";
import en from "./en/desk";
import enAcceptance from "./en/desk_acceptance";
import enCases from "./en/desk_cases";
import enEstate from "./en/desk_estate";
import enFigures from "./en/desk_figures";
import enFirmware from "./en/desk_firmware";
import enHours from "./en/desk_hours";
import enInbox from "./en/desk_inbox";
import enKnowledge from "./en/desk_knowledge";
import enLog from "./en/desk_log";
import enNotify from "./en/desk_notify";
import enOpen from "./en/desk_open";
import enQuality from "./en/desk_quality";
import enQuotes from "./en/desk_quotes";
import enReport from "./en/desk_report";
import enReturns from "./en/desk_returns";
import enSpares from "./en/desk_spares";
import enSync from "./en/desk_sync";
import enTerms from "./en/desk_terms";
import enTeam from "./en/desk_team";
import zh from "./zh/desk";
import zhAcceptance from "./zh/desk_acceptance";
import zhCases from "./zh/desk_cases";
import zhEstate from "./zh/desk_estate";
import zhFigures from "./zh/desk_figures";
import zhFirmware from "./zh/desk_firmware";
import zhHours from "./zh/desk_hours";
import zhInbox from "./zh/desk_inbox";
import zhKnowledge from "./zh/desk_knowledge";
import zhLog from "./zh/desk_log";
import zhNotify from "./zh/desk_notify";
import zhOpen from "./zh/desk_open";
import zhQuality from "./zh/desk_quality";
import zhQuotes from "./zh/desk_quotes";
import zhReport from "./zh/desk_report";
import zhReturns from "./zh/desk_returns";
import zhSpares from "./zh/desk_spares";
import zhSync from "./zh/desk_sync";
import zhTerms from "./zh/desk_terms";
import zhTeam from "./zh/desk_team";

// A line each: a new area is one line in both.
addTexts(
  {
    ...zh,
    ...zhAcceptance,
    ...zhCases,
    ...zhEstate,
    ...zhFigures,
    ...zhFirmware,
    ...zhHours,
    ...zhInbox,
    ...zhKnowledge,
    ...zhLog,
    ...zhNotify,
    ...zhOpen,
    ...zhQuality,
    ...zhQuotes,
    ...zhReport,
    ...zhReturns,
    ...zhSpares,
    ...zhSync,
    ...zhTeam,
    ...zhTerms,
  },
  {
    ...en,
    ...enAcceptance,
    ...enCases,
    ...enEstate,
    ...enFigures,
    ...enFirmware,
    ...enHours,
    ...enInbox,
    ...enKnowledge,
    ...enLog,
    ...enNotify,
    ...enOpen,
    ...enQuality,
    ...enQuotes,
    ...enReport,
    ...enReturns,
    ...enSpares,
    ...enSync,
    ...enTeam,
    ...enTerms,
  },
);
