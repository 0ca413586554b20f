import { createHash } from "node:crypto";
import type { NewsroomConfig } from "../newsroom.ts";
import type { MailKind } from "./kinds.ts";
import { renderMail } from "./render.ts";
import { sampleMail } from "./samples.ts";

const versions = new WeakMap<NewsroomConfig, Map<MailKind, string>>();

/**
 * Twelve hexadecimal digits that change whenever a mail of the kind would read or look otherwise, in any language: by the
 * newsroom's file, by its copy, or by a new release.
 */
export function templateVersion(newsroom: NewsroomConfig, kind: MailKind): string {
  const known = versions.get(newsroom) ?? new Map<MailKind, string>();
  versions.set(newsroom, known);
  const version = known.get(kind) ?? versionOf(newsroom, kind);
  known.set(kind, version);
  return version;
}

/** The sample doesn't meet every sentence, so the kind's copy counts as a whole, too. */
function versionOf(newsroom: NewsroomConfig, kind: MailKind): string {
  const hash = createHash("sha256");
  for (const locale of newsroom.locales) {
    const copy = newsroom.copy[locale]?.mail;
    hash.update(JSON.stringify([locale, copy?.kinds[kind], kind === "payment_failed" && copy?.reasons]));
    for (const discreet of [false, true]) {
      hash.update(JSON.stringify(renderMail(newsroom, { ...sampleMail(kind), locale, discreet })));
    }
  }
  return hash.digest("hex").slice(0, 12);
}
