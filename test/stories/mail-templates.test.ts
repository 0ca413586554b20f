import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FAILURE_REASONS, MAIL_KINDS, type MailData, type MailKind, type MailLinks } from "../../src/mail/kinds.ts";
import { type MailToRender, type RenderedMail, renderMail, senderName } from "../../src/mail/render.ts";
import { sampleMail } from "../../src/mail/samples.ts";
import { templateVersion } from "../../src/mail/template-version.ts";
import { loadNewsroom, type NewsroomConfig } from "../../src/newsroom.ts";
import { formatDay, formatInstant, formatMonth } from "../../src/shared/calendar-text.ts";
import { SetupError } from "../../src/shared/errors.ts";
import { edit, LANGUAGES, newsroomFiles, SHIPPED } from "../support/newsroom-files.ts";

const newsroom = loadNewsroom(join(SHIPPED, "newsroom.yaml"));
const NAME = newsroom.newsroom.name;

const ALL = MAIL_KINDS.flatMap((kind) => LANGUAGES.map((locale) => [kind, locale] as const));
/** The kinds that are about a gift that goes on. */
const RUNNING = MAIL_KINDS.filter((kind) => sampleMail(kind).links.stop !== null);

const render = <K extends MailKind>(kind: K, change: Partial<MailToRender<K>> = {}, of: NewsroomConfig = newsroom) =>
  renderMail(of, { ...sampleMail(kind), locale: "en", discreet: false, ...change });

const preheader = (mail: RenderedMail) => plain(/<div class="preheader"[^>]*>([^<]*)</.exec(mail.html)?.[1] ?? "");
const plain = (html: string) =>
  html
    .replace(/<style>.*<\/style>/s, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/[\u034f\u200c\s]+/g, " ")
    .trim();
const hrefs = (mail: RenderedMail) =>
  [...mail.html.matchAll(/href="([^"]*)"/g)].map(([, url]) => (url ?? "").replaceAll("&#38;", "&"));
const pages = (links: MailLinks) =>
  Object.values(links).flatMap((link) => (link === null ? [] : [typeof link === "string" ? link : link.page]));

describe("every kind in every language", () => {
  test.each(ALL)("%s in %s is whole, and its HTML and text say the same", (kind, locale) => {
    for (const discreet of [false, true]) {
      const mail = render(kind, { locale, discreet });
      const seen = plain(mail.html);
      for (const said of [mail.subject, mail.text, seen]) {
        expect(said).not.toMatch(/[{}]|\bundefined\b|\bnull\b|\bNaN\b|\[object|Invalid Date/);
      }
      expect([...mail.subject].length).toBeLessThanOrEqual(78);
      expect(mail.language).toBe(locale);
      expect(mail.html).toContain(`<html lang="${locale}" dir="${mail.direction}">`);
      expect(mail.direction).toBe(locale === "ar" ? "rtl" : "ltr");

      const { links, reference } = sampleMail(kind);
      const expected = [...new Set(pages(links))].sort();
      expect([...new Set(hrefs(mail))].sort()).toEqual(expected);
      for (const url of expected) expect(mail.text.split("\n")).toContain(url);
      const legal = [newsroom.legal_entity.name, ...newsroom.legal_entity.postal_address];
      for (const said of [...legal, newsroom.newsroom.contact_email, reference ?? ""]) {
        expect(mail.text).toContain(said);
        expect(seen).toContain(said);
      }
      const words = seen.split(" ");
      const missing = mail.text
        .trim()
        .split(/\s+/)
        .filter((word) => word !== "—" && !word.startsWith("http"));
      expect(missing.filter((word) => !words.includes(word) && !words.includes(word.replace(/:$/, "")))).toEqual([]);
    }
  });

  test.each(ALL)(
    "%s in %s, discreetly, shows outside nothing of the newsroom, the gift or an amount",
    (kind, locale) => {
      const mail = render(kind, { locale, discreet: true });
      const outside = `${mail.subject} ${preheader(mail)}`;
      expect(outside).not.toContain(NAME);
      expect(outside).not.toMatch(/\d|€|\p{Sc}/u);
      expect(outside).not.toMatch(/gift|donat|spende|\bdons?\b|donaci|donar|пожертв|تبرع/i);
      // What a list of mails may show of the text part: enough that the body doesn't follow.
      expect(mail.text.slice(0, 90)).not.toContain(NAME);
      expect(mail.text.slice(0, 90)).not.toMatch(/\d/);
      expect(preheader(mail).length).toBeGreaterThan(70);
      expect(mail.html.slice(0, mail.html.indexOf("</head>"))).not.toContain(NAME);
      expect(mail.text).toContain(newsroom.legal_entity.name);
    },
  );

  test.each(ALL)("%s in %s reads well as text: short lines, whole addresses, no gaps", (kind, locale) => {
    const { text } = render(kind, { locale });
    for (const line of text.split("\n")) {
      if (!line.startsWith("https://")) expect([...line].length).toBeLessThanOrEqual(90);
      expect(line).toBe(line.trim());
    }
    expect(text).not.toMatch(/\n{3}|\.\.|\s[,.](?:\s|$)/);
    expect(text.endsWith("\n")).toBe(true);
  });

  test("the newsroom's name is the heading, unless the style is discreet", () => {
    expect(render("thank_you").text.startsWith(`${NAME}\n\n`)).toBe(true);
    expect(render("thank_you", { discreet: true }).text.startsWith("Your confirmation\n\n")).toBe(true);
    expect(senderName(newsroom, false)).toBe(NAME);
    expect(senderName(newsroom, true)).toBeNull();
  });

  test("nothing is loaded from anywhere, and nothing runs", () => {
    for (const [kind, locale] of ALL) {
      const { html } = render(kind, { locale });
      expect(html).not.toMatch(/<(?:img|script|link|iframe|object|form|video|svg)\b|url\(|@import|\bsrc=|\son\w+=/i);
    }
  });
});

describe("what the mails say", () => {
  test.each(RUNNING)("%s has the link that stops the gift, as long as it runs", (kind) => {
    const { links } = sampleMail(kind);
    expect(hrefs(render(kind))).toContain(links.stop);
    expect(render(kind).text).toContain("stop this gift whenever you like");
    expect(render(kind, { links: { ...links, stop: null } }).text).not.toContain("stop this gift");
  });

  test.each([
    ["action_required", "fix"],
    ["card_expiring", "fix"],
    ["reminder", "give"],
    ["reminder_confirm", "confirm"],
    ["manage_link", "manage"],
  ] as const)("%s is not written without the link %s", (kind, name) => {
    expect(() => render(kind, { links: { ...sampleMail(kind).links, [name]: null } })).toThrow(name);
  });

  test.each(FAILURE_REASONS.flatMap((reason) => LANGUAGES.map((locale) => [reason, locale] as const)))(
    "a failed payment tells %s in %s, the next try, and what happens if nothing is done",
    (reason, locale) => {
      const words = newsroom.copy[locale]?.mail;
      if (words === undefined) return expect.unreachable();
      const { data } = sampleMail("payment_failed");
      const said = (change: Partial<MailData["payment_failed"]>) =>
        plain(render("payment_failed", { locale, data: { ...data, reason, ...change } }).html);
      const trying = said({});
      expect(trying).toContain(words.reasons[reason]);
      expect(trying).toContain(formatDay("2027-02-06", locale));
      expect(trying).toContain(words.kinds.payment_failed.nothing);
      const ended = said({ next_try_on: null });
      expect(ended).toContain(words.kinds.payment_failed.no_next_try);
      expect(ended).toContain(words.kinds.payment_failed.nothing_ended);
      const once = said({ frequency: "once", next_try_on: null });
      expect(once).toContain(words.kinds.payment_failed.nothing_once);
    },
  );

  test("a failed gift that can't be mended leads back to the form", () => {
    const { data, links } = sampleMail("payment_failed");
    const give = "https://donations.example/give?amount=1000";
    const mail = render("payment_failed", {
      data: { ...data, frequency: "once", next_try_on: null },
      links: { ...links, stop: null, fix: null, manage: null, give },
    });
    expect(hrefs(mail)).toEqual([give]);
    expect(mail.text).toContain(`Try again\n${give}`);
  });

  test.each(["reader", "payment_failed", "other"] as const)("a gift that %s ended has a way back", (by) => {
    const data = { ...sampleMail("cancelled").data, by, ends_on: "2027-03-03" };
    for (const locale of LANGUAGES) {
      const mail = render("cancelled", { locale, data });
      expect(plain(mail.html)).toContain(formatDay("2027-03-03", locale));
      expect(hrefs(mail)).toEqual([sampleMail("cancelled").links.give]);
    }
    const { links } = sampleMail("cancelled");
    const ended = render("cancelled", { data, links: { ...links, give: null } });
    expect(ended.text).not.toContain("come back");
  });

  test("no mail in any language promises to change a gift, which only stopping and another card are there for", () => {
    const promised =
      /change or stop|give more|give less|or change|ändern oder|ansehen, zu ändern|modifier ou|voir, modifier|cambiar o|ver, cambiar|изменить или|أو تغيير/;
    for (const locale of newsroom.locales) {
      for (const kind of MAIL_KINDS)
        expect(render(kind, { locale }).text.replaceAll("\n", " "), kind).not.toMatch(promised);
    }
    expect(render("reminder_confirm").text).toContain("No, and please don’t ask again");
  });

  test("samples for previews have links of the real form", () => {
    expect(sampleMail("recurring_started").links.manage).toMatch(/\/my-gift\?locale=/);
    expect(sampleMail("manage_link").links.manage).toMatch(/\/gifts\//);
    expect(sampleMail("reminder").links.give).toMatch(/\/give\?reminder_token=[\w-]+$/);
  });

  test("a reminder names the day on which it was asked for, and amount and frequency as far as they are known", () => {
    const asked = (change: Partial<MailData["reminder"]>) =>
      render("reminder", { data: { ...sampleMail("reminder").data, ...change } }).text;
    expect(asked({})).toContain("On August 3, 2026, you asked us");
    expect(asked({})).toContain("What you had in mind: €10 a month\n\nGive €10 a month\nhttps://");
    expect(asked({ frequency: "once", amount: 2500 })).toContain("Give €25 once\n");
    expect(asked({ frequency: null })).toContain("Give €10\n");
    expect(asked({ amount: null })).toContain("What you had in mind: Monthly\n\nGo to the form\n");
    const nothing = asked({ amount: null, frequency: null, currency: null });
    expect(nothing).not.toContain("had in mind");
    expect(nothing).toContain("Go to the form\n");
  });

  test("one who may not have asked is told to do nothing", () => {
    expect(render("reminder_confirm").text.replaceAll("\n", " ")).toContain(
      "If it wasn’t you, do nothing: without your yes we send no reminder.",
    );
  });

  test("a refund is told in whole or in part, and that a regular gift goes on", () => {
    const { data, links } = sampleMail("refunded");
    expect(render("refunded").text).toContain("refunded €10 of the €25");
    const whole = render("refunded", { data: { ...data, amount: 2500 } }).text;
    expect(whole).toContain("refunded your payment of €25");
    expect(whole).not.toContain("You had paid");
    const stop = "https://donations.example/gifts/stop/x";
    const regular = render("refunded", { data: { ...data, frequency: "monthly" }, links: { ...links, stop } });
    expect(regular.text).toContain("doesn’t stop your regular gift");
    expect(hrefs(regular)).toEqual([stop]);
  });

  test("what has no day says nothing of one", () => {
    const open = render("paused", { data: { ...sampleMail("paused").data, resumes_on: null } });
    expect(open.text).toContain("stays paused until you take it up again");
    const started = sampleMail("recurring_started").data;
    expect(render("recurring_started", { data: { ...started, next_on: null } }).text).not.toContain("Next payment");
  });

  test("data that aren't those of the kind make no mail", () => {
    const receipt = sampleMail("renewal_receipt").data;
    const holes: readonly object[] = [
      ...[{ amount: undefined }, { amount: 1.5 }, { currency: "" }, { paid_on: "3.11.2026" }],
      ...[{ next_on: undefined }, { installment: undefined }],
    ];
    for (const hole of holes) {
      const broken = { ...receipt, ...hole } as typeof receipt;
      expect(() => render("renewal_receipt", { data: broken }), JSON.stringify(hole)).toThrow();
    }
    const weekly = { ...sampleMail("paused").data, frequency: "weekly" as "monthly" };
    expect(() => render("paused", { data: weekly })).toThrow();
    const failed = sampleMail("payment_failed").data;
    expect(() => render("payment_failed", { data: { ...failed, reason: "constructor" as "other" } })).toThrow();
  });

  test("the language falls back to the nearest, and amounts keep the currency's own decimals", () => {
    expect(render("thank_you", { locale: "de-AT" }).language).toBe("de");
    expect(render("thank_you", { locale: null }).language).toBe("en");
    const { data } = sampleMail("thank_you");
    const yen = render("thank_you", { data: { ...data, amount: 3000, currency: "JPY" } }).text;
    expect(yen).toContain("Amount: ¥3,000\n");
    expect(render("thank_you", { locale: "de" }).text).toContain("Betrag: 25,00\u00a0€\n");
  });
});

describe("what is hostile stays text", () => {
  const files = newsroomFiles();
  const EVIL = 'A"><img src=x onerror=alert(1)>{amount}\r\nBcc: victim@example.org\u2028\u202eeno';

  test("in the names of newsroom and legal entity, its address, its tax number, and the reference", () => {
    const { file } = files();
    edit(file, ["newsroom.name", EVIL], ["legal_entity.name", EVIL], ["legal_entity.postal_address", [EVIL, EVIL]]);
    edit(file, ["legal_entity.tax_number", EVIL]);
    const evil = loadNewsroom(file);
    for (const [kind, locale] of ALL) {
      for (const discreet of [false, true]) {
        const { subject, html, text } = render(kind, { locale, discreet, reference: EVIL }, evil);
        expect(html).not.toContain("<img");
        expect(html).not.toContain('A">');
        expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
        expect(text + html).not.toMatch(/[^\n\P{Cc}]|[\u2028\u2029\u202a-\u202e]/u);
      }
    }
    expect(senderName(evil, false)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
  });

  test.each(["javascript:alert(1)", "data:text/html,x", "ftp://example.org/", "/gifts/stop/x", "x", " "])(
    "a link to %s is refused, whichever it is",
    (url) => {
      const { links } = sampleMail("yearly_note");
      for (const name of ["stop", "fix", "give", "manage", "confirm"] as const) {
        expect(() => render("yearly_note", { links: { ...links, [name]: url } })).toThrow("http or https");
      }
      const good = "https://example.org/";
      for (const unsubscribe of [
        { page: url, oneClick: good },
        { page: good, oneClick: url },
      ]) {
        expect(() => render("yearly_note", { links: { ...links, unsubscribe } })).toThrow("http or https");
      }
    },
  );

  test("a link can't leave its attribute or its line", () => {
    const give = 'https://example.org/give?article=%0d"><script>\r\nBcc: x@example.org';
    const mail = render("reminder", { links: { ...sampleMail("reminder").links, give } });
    expect(mail.html).not.toMatch(/<script|%0d"|^Bcc/m);
    expect(mail.text).toContain("https://example.org/give?article=%0d%22%3E%3Cscript%3EBcc:%20x@example.org\n");
  });
});

describe("the copy is checked when it is loaded", () => {
  const files = newsroomFiles();

  test.each([
    ["a sentence that is missing", ["mail.kinds.reminder.button", undefined], /reminder\.button: is missing/],
    ["a placeholder too few", ["mail.kinds.reminder.button_amount", "Give"], /button_amount: needs \{amount\}/],
    ["a placeholder too many", ["mail.kinds.paused.open", "{date}"], /paused\.open: must have no placeholder/],
    [
      "an amount in a neutral subject",
      ["mail.kinds.paused.discreet", "{amount}"],
      /discreet: must have no placeholder/,
    ],
    ["a reason that nobody knows", ["mail.reasons.hunter", "x"], /reasons\.hunter: is not a key/],
    ["no mails at all", ["mail", undefined], /mail: is missing/],
  ] as const)("%s", (_, change, expected) => {
    const { file, locale } = files();
    edit(locale("fr"), change);
    expect(() => loadNewsroom(file)).toThrow(SetupError);
    try {
      loadNewsroom(file);
    } catch (error) {
      expect((error as SetupError).faults).toEqual([expect.stringMatching(expected)]);
    }
  });
});

describe("the version of a template", () => {
  const files = newsroomFiles();
  const versions = (of: NewsroomConfig) => MAIL_KINDS.map((kind) => templateVersion(of, kind));

  test("is the same for the same texts, and another for each kind", () => {
    const again = loadNewsroom(join(SHIPPED, "newsroom.yaml"));
    expect(versions(again)).toEqual(versions(newsroom));
    expect(new Set(versions(newsroom)).size).toBe(MAIL_KINDS.length);
    expect(versions(newsroom).every((version) => /^[0-9a-f]{12}$/.test(version))).toBe(true);
  });

  test("changes with a sentence of the kind in any language, even one that the sample doesn't meet", () => {
    const { file, locale } = files();
    edit(locale("ru"), ["mail.reasons.card_expired", "Карта устарела."], ["mail.kinds.paused.open", "Пауза."]);
    const before = versions(newsroom);
    const changed = versions(loadNewsroom(file)).flatMap((version, index) =>
      version === before[index] ? [] : [MAIL_KINDS[index]],
    );
    expect(changed).toEqual(["payment_failed", "paused"]);
  });

  test("changes for all with what all share", () => {
    const { file } = files();
    edit(file, ["mail.color", "#aa0000"]);
    const before = versions(newsroom);
    expect(versions(loadNewsroom(file)).some((version, index) => version === before[index])).toBe(false);
  });
});

describe("days and instants for people", () => {
  test.each([
    ["en", "November 1, 2026", "November 2026", "November 1, 2026, 4:04 PM GMT+1"],
    ["de", "1. November 2026", "November 2026", "1. November 2026, 16:04 MEZ"],
    ["fr", "1er novembre 2026", "novembre 2026", "1er novembre 2026, 16:04 UTC+1"],
    ["es", "1 de noviembre de 2026", "noviembre de 2026", "1 de noviembre de 2026, 16:04 CET"],
    ["ru", "1 ноября 2026 года", "ноябрь 2026 года", "1 ноября 2026 года, 16:04 GMT+1"],
    ["ar", "1 نوفمبر 2026", "نوفمبر 2026", "1 نوفمبر 2026، 4:04 م غرينتش+1"],
  ])("in %s", (locale, day, month, instant) => {
    const blanks = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");
    expect(blanks(formatDay("2026-11-01", locale))).toBe(day);
    expect(blanks(formatMonth("2026-11", locale))).toBe(month);
    expect(blanks(formatInstant("2026-11-01T15:04:00Z", locale, "Europe/Berlin"))).toBe(instant);
  });

  test("a day that is none is no day", () => {
    for (const day of ["2026-02-30", "2026-11", "", "3.11.2026"])
      expect(() => formatDay(day, "en")).toThrow(RangeError);
    expect(() => formatMonth("2026-13", "en")).toThrow(RangeError);
    expect(() => formatInstant("soon", "en", "UTC")).toThrow(RangeError);
  });
});
