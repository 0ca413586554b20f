import { amountRules, copyFor, type NewsroomConfig } from "../newsroom.ts";
import type { Fault } from "../pages/form-parts.page.ts";
import { chosen, type FormValues, frequencyOf } from "../pages/form-values.ts";
import { fill } from "../shared/copy.ts";
import type { AppError, FieldError } from "../shared/errors.ts";
import { formatMoney } from "../shared/money.ts";

/** What to mend, in the reader's language and at the field that it is about. The API's own messages are for programmers. */
export function faultsOf(
  newsroom: NewsroomConfig,
  locale: string,
  currency: string,
  values: FormValues,
  error: AppError,
): readonly Fault[] {
  const faults = (error.errors ?? []).map((each) => faultOf(newsroom, locale, currency, values, error.code, each));
  return faults.filter((fault, index) => faults.findIndex((other) => other.message === fault.message) === index);
}

function faultOf(
  newsroom: NewsroomConfig,
  locale: string,
  currency: string,
  values: FormValues,
  code: string,
  { path, message }: FieldError,
): Fault {
  const { errors, fields } = copyFor(newsroom, locale);
  switch (path) {
    case "frequency":
      return { field: "gift-once", message: fields.frequency_required };
    case "amount":
      return {
        field: amountField(newsroom, currency, values),
        message: amountMessage(newsroom, locale, currency, values, { code, message }),
      };
    case "other_amount":
      // Already the copy's: the parser of typed amounts knows what is wrong with it.
      return { field: "gift-other", message };
    case "currency":
      return { field: null, message: errors.currency_not_supported };
    case "email":
      return { field: "gift-email", message: fields.email_invalid };
    case "country":
      return { field: null, message: errors.country_not_accepted };
    case "country_acknowledged":
      return { field: "gift-country_acknowledged", message: errors.country_not_acknowledged };
    default:
      return { field: null, message: errors.invalid_request };
  }
}

function amountField(newsroom: NewsroomConfig, currency: string, values: FormValues): string {
  const { frequency, amounts } = chosen(newsroom, currency, values);
  return amounts[frequency] === "other" ? "gift-other" : `gift-${frequency}-0`;
}

/** Stripe's own limits can be narrower than the newsroom's; then the newsroom's numbers would not help. */
function amountMessage(
  newsroom: NewsroomConfig,
  locale: string,
  currency: string,
  values: FormValues,
  { code, message }: { readonly code: string; readonly message: string },
): string {
  const { errors, fields } = copyFor(newsroom, locale);
  const rules = amountRules(newsroom, currency, frequencyOf(values) ?? "once");
  if (rules === null) return fields.amount_required;
  const money = (amount: number) => formatMoney(amount, currency, locale, { short: true });
  if (code === "amount_below_minimum") {
    const ours = fill(errors.amount_below_minimum, { minimum: money(rules.minimum) });
    return message === ours ? ours : fields.amount_too_small;
  }
  if (code === "amount_above_maximum") {
    const ours = fill(errors.amount_above_maximum, { maximum: money(rules.maximum) });
    return message === ours ? ours : fields.amount_too_large;
  }
  return fields.amount_required;
}
