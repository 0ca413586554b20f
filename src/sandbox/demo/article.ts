/** A story to stand above the form. Towns, people and companies in it are made up. */
export interface Article {
  /** The language that it is written in. */
  readonly locale: string;
  readonly direction: "ltr" | "rtl";
  readonly kicker: string;
  readonly headline: string;
  readonly standfirst: string;
  readonly byline: string;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly heading: string | null;
  /** A paragraph, or the words of somebody that stand out. */
  readonly paragraphs: readonly (string | { readonly quote: string })[];
}
