<?php
/**
 * @license GPL-2.0-or-later
 */

declare(strict_types=1);

namespace CloneHub\Migrator\InClone;

/** Gives the clone to its caller: one administrator with a password that only the caller has. Other users stay as they are. */
final class Adoption
{
    /** @return array<string,string> */
    public static function adopt(string $username, string $email, string $password): array
    {
        $existing = get_user_by('login', $username);
        if (false === $existing && is_email($username)) {
            // A site may let people log in by e-mail address.
            $existing = get_user_by('email', $username);
        }

        $user = false === $existing ? self::create($username, $email, $password) : $existing;
        wp_set_password($password, $user->ID);
        $user->set_role('administrator');
        \WP_Session_Tokens::get_instance($user->ID)->destroy_all();
        return ['username' => $user->user_login];
    }

    private static function create(string $username, string $email, string $password): \WP_User
    {
        if (false !== email_exists($email)) {
            [$local, $domain] = array_pad(explode('@', $email, 2), 2, 'invalid');
            $email = $local . '+' . substr(CLONEHUB_JOB_ID, -8) . '@' . $domain;
        }

        $id = wp_insert_user([
            'user_login' => $username,
            'user_email' => $email,
            'user_pass' => $password,
            'role' => 'administrator',
        ]);
        if (is_wp_error($id)) {
            throw new \RuntimeException('The administrator cannot be made: ' . $id->get_error_code());
        }

        return new \WP_User($id);
    }
}
