-- Inside the database `visualforge`: the owner makes tables, the application may use them and make none.
ALTER SCHEMA public OWNER TO vf_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO vf_app;
ALTER DEFAULT PRIVILEGES FOR ROLE vf_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO vf_app;
ALTER DEFAULT PRIVILEGES FOR ROLE vf_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO vf_app;
ALTER DEFAULT PRIVILEGES FOR ROLE vf_owner IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO vf_app;
