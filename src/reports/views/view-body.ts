import { z } from "zod";
import { line } from "../../http/text.ts";

/** What a reader did with the form: it stood before them, they touched it, they went on to pay. */
const VIEW_STEPS = ["shown", "opened", "continued"] as const;

/** The body of `POST /v1/widget-views`: where the form stood, and nothing about who saw it. */
export const viewBody = z.strictObject({
  article_id: line(200),
  placement: line(100),
  variant: line(100),
  campaign: line(100),
  step: z.enum(VIEW_STEPS),
});

export type View = z.output<typeof viewBody>;
