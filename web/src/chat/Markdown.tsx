import { memo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

import { closeMarks, splitBlocks } from "./blocks";

const plugins = [remarkGfm];
const components: Components = {
  // answers are below the page's own headings
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h3>{children}</h3>,
  h3: ({ children }) => <h4>{children}</h4>,
  h4: ({ children }) => <h5>{children}</h5>,
  a: ({ href, children }) => <a href={href} target="_blank" rel="noreferrer noopener">{children}</a>,
  // foreign pictures are not fetched: the page talks to its own server only
  img: ({ alt, src }) => <a href={typeof src === "string" ? src : undefined} target="_blank" rel="noreferrer noopener">{alt || src}</a>,
  table: ({ children }) => <div className="table-scroll" tabIndex={0} role="group"><table>{children}</table></div>,
};

const Block = memo(function Block({ text }: { text: string }) {
  return <ReactMarkdown remarkPlugins={plugins} components={components}>{text}</ReactMarkdown>;
});

/** `growing`: more words are coming. `cut`: it ends in the middle, for now or for good. */
export const Markdown = memo(function Markdown({ text, growing, cut = growing }: { text: string; growing: boolean; cut?: boolean }) {
  const blocks = splitBlocks(text);
  return (
    <div className={growing ? "prose growing" : "prose"} dir="auto">
      {blocks.map((block, index) => <Block key={index} text={cut && index === blocks.length - 1 ? closeMarks(block) : block} />)}
    </div>
  );
});
