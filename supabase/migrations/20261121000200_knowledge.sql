-- Persona knowledge: one row per note section, searched as text. Written by the service role only.

create table public.knowledge_source (
  persona_id text primary key check (length(persona_id) between 1 and 64),
  owner uuid references auth.users (id) on delete cascade,
  digest text not null check (length(digest) between 1 and 128),
  vocabulary jsonb not null,
  indexed_at timestamptz not null default now()
);
comment on table public.knowledge_source is
  'Which version of a persona''s notes is indexed. owner is null for the shipped personas.';
comment on column public.knowledge_source.vocabulary is
  '{"notes": count, "stems": {stem: notes that hold it}, "words": {word: its stem}}';

create table public.knowledge (
  persona_id text not null references public.knowledge_source (persona_id) on delete cascade,
  place int not null check (place >= 0),
  heading text not null,
  aliases jsonb not null default '[]' check (jsonb_typeof(aliases) = 'array'),
  answer text not null,
  more text not null default '',
  words tsvector not null generated always as (
    setweight(to_tsvector('english'::regconfig, heading), 'A')
    || setweight(to_tsvector('english'::regconfig, aliases), 'A')
    || setweight(to_tsvector('english'::regconfig, answer), 'B')
    || setweight(to_tsvector('english'::regconfig, more), 'D')
  ) stored,
  primary key (persona_id, place)
);
comment on table public.knowledge is 'Sections of a persona''s notes in the order they were written.';
create index knowledge_words on public.knowledge using gin (words);
create index knowledge_source_owner on public.knowledge_source (owner);

alter table public.knowledge_source enable row level security;
alter table public.knowledge enable row level security;

revoke all on public.knowledge_source, public.knowledge from anon, authenticated;
grant select on public.knowledge_source, public.knowledge to authenticated;
grant all on public.knowledge_source, public.knowledge to service_role;

create policy "shipped personas and one's own" on public.knowledge_source for select to authenticated
  using (owner is null or owner = (select auth.uid()));
-- knowledge_source is itself under row level security, so this sees only the sources its reader may see.
create policy "notes of a readable persona" on public.knowledge for select to authenticated
  using (persona_id in (select s.persona_id from public.knowledge_source s));
