import type { IncomingMessage } from "node:http";
import { AppError } from "../shared/errors.ts";
import { tooLarge } from "./problem.ts";

/** The bytes of a request as they came. @throws AppError `too_large` above `limit` bytes, `invalid` when it is compressed or breaks off */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const encoding = request.headers["content-encoding"] ?? "identity";
    if (encoding !== "identity") return reject(compressed());
    if (Number(request.headers["content-length"] ?? 0) > limit) return reject(tooLarge(limit));
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLarge(limit));
      }
    });
    request.once("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)));
    request.once("error", () => reject(unreadable()));
    // It comes for each request in the end; an error that nobody sees costs a stack trace all the same.
    request.once("close", () => {
      if (!request.readableEnded) reject(unreadable());
    });
  });
}

function compressed(): AppError {
  const detail = "Compressed bodies are not taken here. Send the body as it is, without a Content-Encoding.";
  return new AppError("invalid", "invalid_request", detail);
}

function unreadable(): AppError {
  const detail = "The request can't be read: check its address, encoding, length and headers.";
  return new AppError("invalid", "invalid_request", detail);
}
