import { createHash } from "node:crypto";
import type { NewsroomConfig } from "../newsroom.ts";
import type { MailKind } from "./kinds.ts";

export function templateVersion(_newsroom: NewsroomConfig, kind: MailKind): string {
  return createHash("sha256").update(kind).digest("hex").slice(0, 12);
}
