// Restores names such as `java.io`, `java.net` or `sun.nio.ch` in a log in which a chat, a mail program or a page took
// them for the name of a site and made links of them. Pure functions.

/** Forms of links in which the name stands twice: as the link and as the text that is shown. */
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

export function mayHaveLinks(start: string): boolean {
  return start.includes('http') && LINKS.some((link) => start.search(link) !== -1);
}

export function cleanLinks(text: string): string {
  return LINKS.reduce((known, link) => known.replaceAll(link, '$1'), text);
}
