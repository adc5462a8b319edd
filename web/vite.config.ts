import tailwind from "@tailwindcss/vite";
import { defineConfig } from "vitest/config";

const server = "http://127.0.0.1:8040";

export default defineConfig({
  plugins: [tailwind()],
  // Preact behind React's names keeps the whole page under its 200 kB budget.
  resolve: {
    alias: {
      "react-dom/client": "preact/compat/client",
      "react-dom": "preact/compat",
      "react/jsx-runtime": "preact/jsx-runtime",
      "react/jsx-dev-runtime": "preact/jsx-dev-runtime",
      react: "preact/compat",
    },
    dedupe: ["preact"],
  },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": { target: server, ws: true }, "/media": server } },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts?(x)"] },
});
