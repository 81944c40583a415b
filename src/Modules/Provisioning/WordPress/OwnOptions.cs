namespace CloneHub.Provisioning.WordPress;

/// <summary>Options that are a site's own, whatever it gets, and that change without anybody's work on it.</summary>
internal static class OwnOptions
{
    /// <summary>Address, owner, search engines, tasks, keys, and what WordPress notes of its own state.</summary>
    public static readonly string[] Names =
    [
        "siteurl", "home", "admin_email", "new_admin_email", "adminhash", "blog_public", "cron", "users_can_register", "upload_path", "upload_url_path", "upload_url",
        "secret", "secret_key", "auth_key", "auth_salt", "secure_auth_key", "secure_auth_salt", "logged_in_key", "logged_in_salt", "nonce_key", "nonce_salt",
        "mailserver_url", "mailserver_login", "mailserver_pass", "mailserver_port", "db_version", "db_upgraded", "initial_db_version", "using_application_passwords",
        "recovery_keys", "recovery_mode_email_last_sent", "auto_core_update_notified", "auto_core_update_failed", "https_detection_errors", "https_migration_required",
        "can_compress_scripts", "doing_cron", "core_updater.lock", "auto_updater.lock",
    ];

    /// <summary>What is only kept for a while is as the site knows it; connectors keep notes of their calls.</summary>
    public static readonly string[] Beginnings = ["_transient_", "_site_transient_", "clonehub_", "action_scheduler_", "schema-ActionScheduler_"];
}
