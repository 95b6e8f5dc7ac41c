/** The answers that the shell itself needs; the rest come from the generated `schema.d.ts`. */

export interface User {
  id: number;
  login: string;
  name: string;
  name_en: string;
  language: string;
  is_admin: boolean;
}

export interface ContractAccess {
  id: number;
  code: string;
  name_zh: string;
  name_en: string;
  client_zh: string;
  client_en: string;
  time_zone: string;
  due_day?: number;
  report_language?: "zh" | "en" | "both";
  fast_bulk_seconds?: number;
  role: string;
  rights: string[];
  /** Whether the client wants signatures drawn; not in what an earlier version of the app has kept. */
  drawn_signatures?: boolean;
}

export interface SessionAnswer {
  user: User;
  contracts: ContractAccess[];
  session: { id: number; device_name: string };
}

/** One page of a list. */
export interface Page<Row> {
  items: Row[];
  total: number;
  page: number;
  page_size: number;
}
