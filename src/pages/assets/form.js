// The forms work without this. It writes an amount that is being typed into the terms, the button and the fees, keeps an
// impatient second click from being sent, and tells a reminder its time zone.

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("gift-form"));
if (form !== null) enhance(form);

// A reminder comes in the reader's own morning.
for (const field of document.querySelectorAll("[data-time-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

function enhance(form) {
  const other = form.elements.namedItem("other_amount");
  const button = form.querySelector("button[type=submit]");

  const update = () => writeAmount(form, other.value);
  form.addEventListener("input", update);
  form.addEventListener("change", (event) => {
    if (event.target.value === "other" && event.target.name.startsWith("amount_")) other.focus();
  });
  update();

  let words = "";
  form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      return;
    }
    words = button.innerHTML;
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy;
  });
  // Back from the payment page, the browser shows this page as it was left.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted || words === "") return;
    button.innerHTML = words;
    button.removeAttribute("aria-disabled");
    update();
  });
}

function writeAmount(form, text) {
  const chosen = minorUnits(text, form.dataset);
  const covered = form.elements.namedItem("cover_fees")?.checked === true;
  for (const place of form.querySelectorAll("[data-template]")) {
    place.hidden = chosen === null;
    place.nextElementSibling.hidden = chosen !== null;
    if (chosen === null) continue;
    const total = withFees(chosen, form.dataset);
    const fee = place.dataset.amount === "fee";
    const amount = fee ? total - chosen : covered ? total : chosen;
    place.textContent = place.dataset.template.replace("{amount}", money(amount, form.dataset, !fee));
  }
}

/** What was typed in minor units, or null unless it is plain: the server reads more than this and has the last word. */
function minorUnits(text, { digits, step }) {
  const western = text
    .trim()
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replace("٫", ".");
  const [, whole, fraction = ""] = /^(\d{1,9})(?:[.,](\d{1,2}))?$/.exec(western) ?? [];
  if (whole === undefined || fraction.length > Number(digits)) return null;
  const amount = BigInt(whole + fraction.padEnd(Number(digits), "0"));
  return amount > 0n && amount % BigInt(step) === 0n ? amount : null;
}

/** The same rule as the server's: after the fee, at least the chosen amount is left. */
function withFees(chosen, { percent, fixed, step }) {
  const [whole, decimals = ""] = percent.split(".");
  const scale = 100n * 10n ** BigInt(decimals.length);
  const total = ceilDivide((chosen + BigInt(fixed)) * scale, scale - BigInt(whole + decimals));
  return ceilDivide(total, BigInt(step)) * BigInt(step);
}

function ceilDivide(dividend, divisor) {
  return (dividend + divisor - 1n) / divisor;
}

function money(amount, { locale, currency, digits, step }, short) {
  const unit = 10n ** BigInt(digits);
  const hidden = amount % unit === 0n && (short || step === "100");
  const decimals = hidden ? 0 : Number(digits);
  const text = digits === "0" ? `${amount}` : `${amount / unit}.${String(amount % unit).padStart(Number(digits), "0")}`;
  const options = { style: "currency", currency, minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const words = new Intl.NumberFormat(locale, options).format(text);
  // As the server does: see formatMoney.
  return words.startsWith("\u200f") ? `\u2066${words.replaceAll("\u200f", "")}\u2069` : words;
}
