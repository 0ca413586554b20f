import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { slots } from "../../src/reports/slots.ts";

test("as many as there are slots run at once, the others in the order in which they came", async () => {
  const inSlot = slots(2, 5000);
  let running = 0;
  let most = 0;
  const order: number[] = [];
  await Promise.all(
    [0, 1, 2, 3, 4, 5].map((index) =>
      inSlot(async () => {
        order.push(index);
        most = Math.max(most, ++running);
        await sleep(5);
        running--;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a slot is free again after a failure", async () => {
  const inSlot = slots(1, 5000);
  await expect(inSlot(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(await inSlot(async () => "done")).toBe("done");
});

test("who waits too long is told to come back, and the line goes on without", async () => {
  const inSlot = slots(1, 20);
  let end = () => {};
  const first = inSlot(() => new Promise<void>((resolve) => (end = resolve)));
  await expect(inSlot(async () => "never")).rejects.toMatchObject({ code: "rate_limited", retryAfterSeconds: 60 });
  end();
  await first;
  expect(await inSlot(async () => "done")).toBe("done");
});
