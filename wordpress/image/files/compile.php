<?php
/*
 * Compiles WordPress into the folder of compiled code, which outlives the PHP that did it: the first pages of a clone would do it otherwise. Files that a
 * page loads seldom, and those that cannot be compiled without others, are left to the page that needs them.
 */
set_time_limit(120);
$root = $_SERVER['DOCUMENT_ROOT'];
$seldom = '~/(ID3|SimplePie|sodium_compat|random_compat|IXR|Text|pomo|Requests|PHPMailer|css|js|images|network|user|maint)/|/(setup-config|install|repair|upgrade|noop)~';
foreach (['', '/wp-includes', '/wp-admin'] as $folder) {
    $files = $folder === '' ? new FilesystemIterator($root) : new RecursiveIteratorIterator(new RecursiveDirectoryIterator($root . $folder, FilesystemIterator::SKIP_DOTS));
    foreach ($files as $file) {
        $path = $file->getPathname();
        if (str_ends_with($path, '.php') && $path !== __FILE__ && !preg_match($seldom, substr($path, strlen($root)))) {
            @opcache_compile_file($path);
        }
    }
}
echo 'compiled';
