/*
 * A mail before it becomes HTML and text: the same parts make both. Everything in it is plain text, already in the reader's
 * language; addresses are those of MailLinks.
 */

export interface Letter {
  readonly subject: string;
  /** What lists of mails show after the subject. */
  readonly preheader: string;
  readonly heading: string;
  readonly parts: readonly Part[];
  /** Why the reader gets it. */
  readonly why: string;
  /** What its link to end this kind of mail is called. */
  readonly unsubscribe: string;
}

export interface Link {
  readonly text: string;
  readonly url: string;
}

export type Fact = readonly [name: string, value: string];

export type Part =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "facts"; readonly facts: readonly Fact[] }
  /** What the mail is there for. */
  | { readonly is: "button"; readonly link: Link }
  /** What else a reader may want; `text` leads up to it. */
  | { readonly is: "link"; readonly text: string | null; readonly link: Link };

/** A paragraph for each sentence or group of sentences; what doesn't apply is left out. */
export function paragraphs(...texts: readonly (string | null | false)[]): readonly Part[] {
  return texts.filter((text) => typeof text === "string").map((text) => ({ is: "text", text }));
}

/** A small table; what doesn't apply is left out. */
export function table(...facts: readonly (Fact | null | false)[]): readonly Part[] {
  const there = facts.filter((fact) => fact !== null && fact !== false);
  return there.length === 0 ? [] : [{ is: "facts", facts: there }];
}

export function button(text: string, url: string): Part {
  return { is: "button", link: { text, url } };
}

/** A quieter link, or nothing where there is no address. */
export function link(text: string | null, words: string, url: string | null): readonly Part[] {
  return url === null ? [] : [{ is: "link", text, link: { text: words, url } }];
}
