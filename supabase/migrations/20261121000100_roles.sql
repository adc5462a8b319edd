-- Roles of this application, made alike on our own Postgres and on hosted Supabase (`postgres` may create roles on both).
--
-- app_user   what the server becomes for one transaction of a signed-in person. It inherits `authenticated`, so every
--            policy applies to it, and it alone may write: a browser that reaches PostgREST with the same person's
--            token is `authenticated` and can only read. So nobody can alter the Call behind a button or an event.
-- app_agent  owns schema langgraph, the agent's checkpoints; no API role can enter it. It has no password: on the
--            embedded Postgres it logs in by trust, on a hosted one the server's own login becomes it.
do $$
begin
  if not exists (select from pg_roles where rolname = 'app_user') then
    create role app_user nologin inherit;
  end if;
  if not exists (select from pg_roles where rolname = 'app_agent') then
    create role app_agent login noinherit;
  end if;
end $$;

grant authenticated to app_user;
grant app_user, app_agent to current_user;
grant app_user to authenticator;

create schema if not exists langgraph authorization app_agent;
revoke all on schema langgraph from public;

-- Functions live beside the record of migrations, out of the API's reach.
create schema if not exists greenroom;
revoke all on schema greenroom from public;
grant usage on schema greenroom to app_user, service_role;
