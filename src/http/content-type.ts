import { AppError } from "../shared/errors.ts";

export function isForm(contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(contentType ?? "");
}

export function wrongContentType(): AppError {
  const detail = "Send the body as application/json, or as a form (application/x-www-form-urlencoded).";
  return new AppError("invalid", "invalid_request", detail, {
    errors: [{ path: "", message: "Expected JSON or a form." }],
  });
}
