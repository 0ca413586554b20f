import fc from "fast-check";
import { expect, test } from "vitest";
import { type Ramp, rampStep } from "../../src/mail/ramp.ts";
import { seed } from "../support/seed.ts";

const MINUTE_MS = 60_000;

test("however mails come, no sixty seconds see more of a new template than may go, and all go in the end", () => {
  const rule = fc.record({ per_minute: fc.integer({ min: 1, max: 7 }), first: fc.integer({ min: 1, max: 40 }) });
  const arrivals = fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(rule, arrivals, (rule, arrivals) => {
      let ramp: Ramp = { sent: 0, recent: [], placeAt: 0, places: 0 };
      const queue = arrivals.map((at) => at + 1);
      const gone: number[] = [];
      let asked = 0;
      while (queue.length > 0) {
        queue.sort((a, b) => a - b);
        const now = queue.shift() as number;
        asked += 1;
        if (ramp.sent >= rule.first) continue;
        const step = rampStep(ramp, rule, now);
        ramp = step.ramp;
        if (step.goes) gone.push(now);
        else {
          expect(step.waitMs).toBeGreaterThan(0);
          queue.push(now + step.waitMs);
        }
      }
      for (const at of gone) {
        expect(gone.filter((each) => each >= at && each < at + MINUTE_MS).length).toBeLessThanOrEqual(rule.per_minute);
      }
      expect(gone.length).toBe(Math.min(rule.first, arrivals.length));
      // Nobody asks over and over: a place is good for most of those who are given it.
      expect(asked).toBeLessThanOrEqual(arrivals.length * 4);
    }),
    { seed, numRuns: 300 },
  );
});
