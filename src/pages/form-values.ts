import { amountRules, FREQUENCIES, type Frequency, type NewsroomConfig } from "../newsroom.ts";
import { formatDecimal } from "../shared/money.ts";

/** What a form sent or an address asked for, by the names of the form's fields; anybody can have put anything into it. */
export type FormValues = Readonly<Record<string, unknown>>;

/** What stands in the form when it opens. */
export interface Chosen {
  readonly frequency: Frequency;
  /** One of the presets of that frequency in minor units, or an amount of the reader's own. */
  readonly amounts: Readonly<Record<Frequency, number | "other">>;
  /** That amount as typed, in major units. */
  readonly other: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** A field's text as far as it can be shown again: one line, no longer than the field takes. */
export function typed(values: FormValues, name: string, max: number): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  return typeof value === "string" ? value.replace(CONTROL, "").slice(0, max) : "";
}

export function isTicked(values: FormValues, name: string): boolean {
  return typed(values, name, 5) === "on" || typed(values, name, 5) === "true";
}

/** Reads what was chosen before; what isn't there or makes no sense is what the newsroom offers first. */
export function chosen(newsroom: NewsroomConfig, currency: string, values: FormValues): Chosen {
  const frequency = frequencyOf(values) ?? "once";
  const other = typed(values, "other_amount", 30).trim();
  const plain = typed(values, "amount", 15);
  const preset = (each: Frequency, text: string) =>
    amountRules(newsroom, currency, each)?.presets.find((amount) => String(amount) === text);

  const amountFor = (each: Frequency): number | "other" => {
    const own = typed(values, `amount_${each}`, 15);
    const text = own === "" && each === frequency ? plain : own;
    const known = preset(each, text);
    if (known !== undefined) return known;
    const wantsOther = text === "other" || (each === frequency && own === "" && (other !== "" || isMinor(text)));
    return wantsOther ? "other" : (amountRules(newsroom, currency, each)?.default ?? "other");
  };
  const amounts = { once: amountFor("once"), monthly: amountFor("monthly"), annual: amountFor("annual") };
  const fromAddress = other === "" && amounts[frequency] === "other" && isMinor(plain);
  return { frequency, amounts, other: fromAddress ? formatDecimal(Number(plain), currency) : other };
}

export function frequencyOf(values: FormValues): Frequency | undefined {
  return FREQUENCIES.find((frequency) => frequency === typed(values, "frequency", 10));
}

function isMinor(text: string): boolean {
  return /^[1-9]\d{0,14}$/.test(text);
}
