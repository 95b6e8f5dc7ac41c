/** The knowledge base's answers. */
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type Article = Schemas["Article"];
export type ArticleDetail = Schemas["ArticleDetail"];
export type ArticleVersion = Schemas["ArticleVersion"];
export type CaseArticles = Schemas["CaseArticles"];

/** What a new article begins with: what is known of the case that it is made from. */
export interface ArticleStart {
  case?: string;
  title?: string;
  problem?: string;
  cause?: string;
  solution?: string;
  deviceId?: number | null;
}
