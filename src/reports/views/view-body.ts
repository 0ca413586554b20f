import { z } from "zod";
import { source } from "../../http/text.ts";

/** What a reader did with the form: it stood before them, they touched it, they went on to pay. */
const VIEW_STEPS = ["shown", "opened", "continued"] as const;

/** The body of `POST /v1/widget-views`: where the form stood, and nothing about who saw it. */
export const viewBody = z.strictObject({
  article_id: source(200),
  placement: source(100),
  variant: source(100),
  campaign: source(100),
  step: z.enum(VIEW_STEPS),
});

export type View = z.output<typeof viewBody>;
