namespace CloneHub.Provisioning.Local;

/// <summary>Configuration of one clone's php-fpm.</summary>
internal static class PhpFpmConfig
{
    // A clone runs code of strangers. WordPress itself starts no program.
    private const string NoPrograms =
        "exec,passthru,shell_exec,system,proc_open,popen,dl,pcntl_exec,pcntl_fork,putenv,posix_kill,link,symlink";

    /// <summary>Pages of clones make way for the program that answers the API; php-fpm heeds it when it was started by root.</summary>
    private const int Niceness = 5;

    public static string Of(ClonePaths paths) => $"""
        [global]
        error_log = {paths.Run}/php-fpm.log
        log_level = warning
        daemonize = yes

        [{paths.Job}]
        {Account(paths)}
        process.priority = {Niceness}
        listen = {paths.Socket}
        listen.mode = 0600
        pm = ondemand
        pm.max_children = 4
        pm.process_idle_timeout = 60s
        pm.max_requests = 1000
        ping.path = {FastCgi.PingPath}
        ping.response = {paths.Job}
        request_terminate_timeout = 310s
        catch_workers_output = no
        clear_env = yes
        chdir = {paths.Www}
        security.limit_extensions = .php

        php_admin_value[open_basedir] = {paths.Www}/:{paths.State}/
        php_admin_value[disable_functions] = {NoPrograms}
        php_admin_value[sendmail_path] = /bin/true
        php_admin_value[sys_temp_dir] = {paths.Temporary}
        php_admin_value[upload_tmp_dir] = {paths.Temporary}
        php_admin_value[session.save_path] = {paths.Temporary}
        php_admin_value[error_log] = {paths.PhpLog}
        php_admin_flag[log_errors] = on
        php_admin_flag[display_errors] = off
        php_admin_flag[expose_php] = off
        php_admin_value[upload_max_filesize] = 128M
        php_admin_value[post_max_size] = 144M
        php_value[memory_limit] = 256M
        php_value[max_execution_time] = 300
        php_admin_value[max_input_time] = 300
        php_admin_value[max_input_vars] = 5000
        php_admin_value[realpath_cache_size] = 4M
        php_admin_value[realpath_cache_ttl] = 600

        """;

    /// <summary>What is compiled anew for every request: the file with the database password must not lie compiled in a second place.</summary>
    public static string NotCached(ClonePaths paths) => $"{paths.Www}/wp-config.php\n";

    /// <summary>Settings that PHP reads before any pool exists. Compiled code lives in memory and in the clone's own folder.</summary>
    public static IReadOnlyList<string> Defines(ClonePaths paths) =>
    [
        // Traces of exceptions would tell passwords that functions were given.
        "zend.exception_ignore_args=1",
        "opcache.enable=1", "opcache.memory_consumption=96", "opcache.interned_strings_buffer=12", "opcache.max_accelerated_files=16229",
        "opcache.validate_timestamps=1", "opcache.revalidate_freq=2", "opcache.jit=disable", $"opcache.file_cache={paths.CompiledCode}",
        $"opcache.blacklist_filename={paths.NotCached}",
    ];

    // The socket belongs to nginx alone: a PHP that could reach a php-fpm's socket could set any PHP setting by a FastCGI parameter.
    private static string Account(ClonePaths paths) => !CloneAccount.IsRoot ? "" : $"""
        user = {CloneAccount.UserIdOf(paths.Job)}
        group = {CloneAccount.UserIdOf(paths.Job)}
        listen.owner = {CloneAccount.WebUser}
        listen.group = {CloneAccount.WebUser}
        """;
}
