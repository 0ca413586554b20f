/** Tells of a view of the form as the widget does. @returns the status */
export async function viewed(
  app: { readonly url: string },
  body: object,
  headers: Record<string, string> = {},
): Promise<number> {
  const answer = await fetch(`${app.url}/v1/widget-views`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  await answer.arrayBuffer();
  return answer.status;
}
