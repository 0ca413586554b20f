/** What a newsroom edits: config/newsroom.yaml and config/locales/. The parts are in newsroom/. */
export { ACCOUNTS, type Account } from "./newsroom/accounting-schema.ts";
export { amountRules, copyFor, currencyFor, feeSchedule, findLocale, pickLocale } from "./newsroom/choose.ts";
export type { Copy } from "./newsroom/copy-schema.ts";
export { loadNewsroom, type NewsroomConfig } from "./newsroom/load.ts";
export { FREQUENCIES, type Frequency } from "./newsroom/schema.ts";
export { type WatchedNewsroom, watchNewsroom } from "./newsroom/watch.ts";
