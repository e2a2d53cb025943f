// A log in which a chat, a mail program or a page took `java.io`, `java.net` or `sun.nio.ch` for the name of a site and
// made a link of it → the names again. Called by read.ts; pure.

/** The name stands twice, as the link and as what is shown. */
const LINKS = [
  // Slack
  /<https?:\/\/([\w.-]+)\/?\|\1>/g,
  // Markdown
  /\[([\w.-]+)\]\(<?https?:\/\/\1\/?>?\)/g,
  // Jira
  /\[([\w.-]+)\|https?:\/\/\1\/?\]/g,
  // HTML
  /<a\b[^<>\n]{0,300}\bhref="https?:\/\/([\w.-]+)\/?"[^<>\n]{0,300}>\1<\/a>/g,
  // Mails as plain text
  /(?<![\w.-])([\w.-]+) ?<https?:\/\/\1\/?>/g,
] as const;

export function looksLinked(head: string): boolean {
  return head.includes('http') && LINKS.some((link) => head.search(link) !== -1);
}

export function cleanLinks(text: string): string {
  return LINKS.reduce((known, link) => known.replaceAll(link, '$1'), text);
}
