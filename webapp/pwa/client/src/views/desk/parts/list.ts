/** What `ListView` is told of a list. */

/** A state that the list can show by itself; `all` is every one. */
export interface Tab {
  value: string;
  text: string;
}

/** A choice beside the search box; `key` is the name in the address and in the server's list. */
export interface Field {
  key: string;
  label: string;
  options: { value: string; text: string }[];
}
